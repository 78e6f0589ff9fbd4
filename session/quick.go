package session

import (
	"hash/maphash"
	"time"
)

// quick tells for most sessions that no mark is about them, without the cost of their keys: it
// knows the names of what was ended, under hashes that only this process can make. When in doubt,
// it says that there may be one.
type quick struct {
	seed     maphash.Seed
	nameless bool // there are marks whose names are not known

	collapsed map[string]struct{} // providers all of whose sessions may be over

	// Names are kept at least as long as their marks: young becomes old when that time has passed.
	young, old nameFilter
	since      time.Time
}

func newQuick(now time.Time) quick {
	return quick{
		seed: maphash.MakeSeed(), young: newNameFilter(), old: newNameFilter(), since: now,
		collapsed: map[string]struct{}{},
	}
}

// names are hashes of the names by which one session or user can be ended, in the order of
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

// add notes a name of a session, for as long as keep.
func (q *quick) add(by endedBy, about *Session, keep time.Duration, now time.Time) {
	if now.Sub(q.since) >= keep {
		q.young, q.old, q.since = newNameFilter(), q.young, now
	}
	q.young.add(q.names(about)[by])
}

// collapse notes that all sessions of a provider may be over. It is never forgotten: there are as
// many as there were tenants.
func (q *quick) collapse(provider string) { q.collapsed[provider] = struct{}{} }

// concerned reports whether a mark may be about a session.
func (q *quick) concerned(s *Session) bool {
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

// A nameFilter is a Bloom filter whose bits for one name are in one word, so that asking for a name
// costs one access to memory. At 32 bits a name, it is wrong about one of a few thousand names.
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

// bitsOf are four bits of a word, chosen by the part of the name that does not choose the word.
func bitsOf(name uint64) uint64 {
	return 1<<(name&63) | 1<<(name>>6&63) | 1<<(name>>12&63) | 1<<(name>>18&63)
}
