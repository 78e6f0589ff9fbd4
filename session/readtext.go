package session

import "encoding/hex"

// knownTexts are the texts that a reader has read so far. An identity usually has few, and rarely
// refers back to them, so only their places are recorded.
type knownTexts struct {
	places [24]struct{ from, to uint32 } // in reader.out, which starts with the input
	n      int
	texts  []string // if not nil: all texts, instead of places
}

// learn assigns the next number to a text. from is its place in reader.out, for as long as places
// are recorded.
func (r *reader) learn(s string, from int) string {
	k := &r.known
	switch {
	case len(s) < minKnownText, len(s) > maxKnownText, k.n == maxKnown:
		return s
	case k.texts == nil && k.n < len(k.places):
		k.places[k.n].from, k.places[k.n].to = uint32(from), uint32(from+len(s))
	default:
		r.collect()
		k.texts = append(k.texts, s)
	}
	k.n++
	return s
}

// collect converts places to texts.
func (r *reader) collect() {
	k := &r.known
	if k.texts != nil {
		return
	}
	k.texts = make([]string, k.n, 64)
	for i := range k.texts {
		k.texts[i] = r.out.String()[k.places[i].from:k.places[i].to]
	}
}

func (r *reader) wellKnown(n int) string {
	k := &r.known
	switch {
	case n < len(words):
		return words[n]
	case n < firstOwn || n-firstOwn >= k.n:
		r.fail()
		return ""
	case k.texts == nil:
		return r.out.String()[k.places[n-firstOwn].from:k.places[n-firstOwn].to]
	}
	return k.texts[n-firstOwn]
}

// text is the inverse of writer.text.
func (r *reader) text() string {
	first := r.byte()
	switch {
	case first < longText:
		from := r.at
		return r.learn(r.take(int(first)), from)
	case first < rareText:
		return r.wellKnown(int(first) - longText)
	case first == textKnown:
		return r.wellKnown(r.count(firstOwn + maxKnown))
	case first == textLong:
		s := r.string()
		return r.learn(s, r.at-len(s))
	}
	from := r.out.Len()
	r.unfold(first)
	return r.learn(r.out.String()[from:], from)
}

// unfold appends a text in a compact form, expanded, to out.
func (r *reader) unfold(form byte) {
	switch form {
	case textUUID:
		r.uuid()
	case textDigits:
		r.digits()
	case textEncoded:
		r.encoded()
	case textURL:
		rest := r.plain()
		r.room(len(https) + len(rest))
		r.out.WriteString(https)
		r.out.WriteString(rest)
	default:
		r.fail()
	}
}

func (r *reader) plain() string {
	switch first := r.byte(); {
	case first < longText:
		return r.take(int(first))
	case first == textLong:
		return r.string()
	}
	r.fail()
	return ""
}

// room makes room for at least n bytes, and usually for the next texts, too.
func (r *reader) room(n int) {
	if r.out.Cap()-r.out.Len() < n {
		r.out.Grow(max(n, unpackedRoom))
	}
}

func (r *reader) uuid() {
	raw := r.take(16)
	if r.bad {
		return
	}
	var text [36]byte
	hex.Encode(text[:], []byte(raw[:4]))
	for i, at := range [...]int{9, 14, 19} {
		text[at-1] = '-'
		hex.Encode(text[at:], []byte(raw[4+2*i:6+2*i]))
	}
	text[23] = '-'
	hex.Encode(text[24:], []byte(raw[10:]))
	r.room(len(text))
	r.out.Write(text[:])
}

func (r *reader) digits() {
	n := r.count(maxDigits)
	pairs := r.take((n + 1) / 2)
	if r.bad {
		return
	}
	var text [maxDigits + 1]byte
	for i := range len(pairs) {
		pair := pairs[i]
		if pair > 99 {
			r.fail()
			return
		}
		text[2*i], text[2*i+1] = '0'+pair/10, '0'+pair%10
	}
	r.room(n)
	r.out.Write(text[:n])
}

func (r *reader) encoded() {
	n := r.count(r.left() * 2)
	raw := r.take(n / 4 * 3)
	r.room(n)
	for len(raw) >= 3 {
		var text [64]byte
		piece := raw[:min(len(raw), len(text)/4*3)]
		raw = raw[len(piece):]
		r.out.Write(text[:encode(text[:], piece)])
	}
	r.out.WriteString(r.take(n % 4))
}

func (r *reader) texts() []string {
	n := r.count(r.left()) // at least a byte each: a small input makes no huge allocation
	if n == 0 {
		return nil
	}
	list := r.list(n)
	for i := range list {
		list[i] = r.text()
	}
	return list
}
