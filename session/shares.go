package session

// shares count the marks of each provider or tenant.
type shares struct {
	owners map[RevocationKey]uint32 // by their first name
	all    []share
}

// A share is what one owner has.
type share struct {
	name      string // of the provider; empty if it is not known
	providers []RevocationKey
	count     int
}

// nobody owns the marks of callers that do not say which provider they are about, and those that
// are about a whole provider.
const nobody uint32 = 0

func newShares() shares {
	return shares{owners: map[RevocationKey]uint32{}, all: make([]share, 1)}
}

// of returns the number of a provider. Providers that are gone keep theirs: there are as many as
// there were tenants.
func (sh *shares) of(name string, providers []RevocationKey) uint32 {
	if len(providers) == 0 {
		return nobody
	}
	owner, known := sh.owners[providers[0]]
	if !known && len(sh.all) < 1<<ownerBits {
		owner = uint32(len(sh.all))
		sh.owners[providers[0]] = owner
		sh.all = append(sh.all, share{name: name, providers: providers})
	}
	return owner
}

// largest returns the owner that has the most, or nobody.
func (sh *shares) largest() uint32 {
	most, count := nobody, 0
	for owner, s := range sh.all {
		if uint32(owner) != nobody && s.count > count {
			most, count = uint32(owner), s.count
		}
	}
	return most
}
