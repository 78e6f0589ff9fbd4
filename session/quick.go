package session

import (
	"hash/maphash"
	"time"
)

// quick rules out marks for most sessions without computing their keys: it stores the names of
// ended sessions under hashes that only this process can compute. When in doubt, it reports that a
// mark may apply.
type quick struct {
	seed     maphash.Seed
	nameless bool // there are marks with unknown names

	collapsed map[string]struct{} // providers whose marks were collapsed

	// Names are kept at least as long as their marks: after that time, young becomes old.
	young, old nameFilter
	since      time.Time
}

func newQuick(now time.Time) quick {
	return quick{
		seed: maphash.MakeSeed(), young: newNameFilter(), old: newNameFilter(), since: now,
		collapsed: map[string]struct{}{},
	}
}

// names returns hashes of the names by which a session or user can be ended, in the order of
// RevocationKeys.
func (q *quick) names(s *Session) [3]uint64 {
	const odd1, odd2 = 0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f // keep equal parts apart
	issuer := maphash.String(q.seed, s.Provider)*odd1 + maphash.String(q.seed, s.User.Issuer)
	return [3]uint64{
		maphash.String(q.seed, s.ID),
		issuer*odd1 + maphash.String(q.seed, s.SID),
		issuer*odd2 + maphash.String(q.seed, s.User.Subject),
	}
}

// add stores a name of a session for at least keep.
func (q *quick) add(by endedBy, about *Session, keep time.Duration, now time.Time) {
	if now.Sub(q.since) >= keep {
		q.young, q.old, q.since = newNameFilter(), q.young, now
	}
	q.young.add(q.names(about)[by])
}

// collapse stores that all sessions of a provider may have ended. It is never dropped: there is at
// most one entry per tenant that ever existed.
func (q *quick) collapse(provider string) { q.collapsed[provider] = struct{}{} }

// mayApply reports whether a mark may apply to a session.
func (q *quick) mayApply(s *Session) bool {
	if q.nameless {
		return true
	}
	if len(q.collapsed) > 0 {
		if _, collapsed := q.collapsed[s.Provider]; collapsed {
			return true
		}
	}
	names := q.names(s)
	return q.young.mayHave(names) || q.old.mayHave(names)
}

// A nameFilter is a Bloom filter that keeps the bits of one name in one word, so that a lookup
// costs one memory access. At 32 bits per name, it errs for about one in a few thousand names.
type nameFilter struct {
	words []uint64 // a power of two
	all   []uint64 // to fill a larger filter
}

const bitsPerName = 32

func newNameFilter() nameFilter { return nameFilter{words: make([]uint64, 64)} }

func (f *nameFilter) add(name uint64) {
	f.all = append(f.all, name)
	if len(f.all)*bitsPerName <= len(f.words)*64 {
		f.set(name)
		return
	}
	f.words = make([]uint64, 2*len(f.words))
	for _, name := range f.all {
		f.set(name)
	}
}

func (f *nameFilter) set(name uint64) { f.words[f.word(name)] |= bitsOf(name) }

func (f *nameFilter) mayHave(names [3]uint64) bool {
	for _, name := range names {
		if bits := bitsOf(name); f.words[f.word(name)]&bits == bits {
			return true
		}
	}
	return false
}

func (f *nameFilter) word(name uint64) uint64 { return name >> 24 & uint64(len(f.words)-1) }

// bitsOf returns four bits of a word, chosen by the bits of the name that do not choose the word.
func bitsOf(name uint64) uint64 {
	return 1<<(name&63) | 1<<(name>>6&63) | 1<<(name>>12&63) | 1<<(name>>18&63)
}
