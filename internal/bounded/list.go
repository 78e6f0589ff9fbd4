package bounded

// The lists that an entry is in.
const (
	all = iota // all entries of the cache
	own        // the entries of one owner
)

type link[K comparable, V any] struct{ prev, next *entry[K, V] }

// A list is a doubly linked list that does not allocate: each entry holds its links for both lists.
type list[K comparable, V any] struct{ front, back *entry[K, V] }

func (l *list[K, V]) pushFront(e *entry[K, V], which int) {
	e.links[which] = link[K, V]{next: l.front}
	if l.front != nil {
		l.front.links[which].prev = e
	} else {
		l.back = e
	}
	l.front = e
}

func (l *list[K, V]) remove(e *entry[K, V], which int) {
	at := e.links[which]
	if at.prev != nil {
		at.prev.links[which].next = at.next
	} else {
		l.front = at.next
	}
	if at.next != nil {
		at.next.links[which].prev = at.prev
	} else {
		l.back = at.prev
	}
	e.links[which] = link[K, V]{}
}

func (l *list[K, V]) moveToFront(e *entry[K, V], which int) {
	if l.front == e {
		return
	}
	l.remove(e, which)
	l.pushFront(e, which)
}
