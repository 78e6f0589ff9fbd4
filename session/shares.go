package session

// shares count the marks of each provider or tenant.
type shares struct {
	owners map[RevocationKey]uint32 // by their first name
	all    []share
}

// A share is the marks of one owner.
type share struct {
	name      string // of the provider; empty if unknown
	providers []RevocationKey
	count     int
}

// noOwner owns the marks of callers that do not name a provider, and those of whole providers.
const noOwner uint32 = 0

func newShares() shares {
	return shares{owners: map[RevocationKey]uint32{}, all: make([]share, 1)}
}

// of returns the number of a provider. Deleted tenants keep their numbers, so there is one for each
// tenant that ever existed.
func (sh *shares) of(name string, providers []RevocationKey) uint32 {
	if len(providers) == 0 {
		return noOwner
	}
	owner, known := sh.owners[providers[0]]
	if !known && len(sh.all) < 1<<ownerBits {
		owner = uint32(len(sh.all))
		sh.owners[providers[0]] = owner
		sh.all = append(sh.all, share{name: name, providers: providers})
	}
	return owner
}

// largest returns the owner with the most marks, or noOwner.
func (sh *shares) largest() uint32 {
	most, count := noOwner, 0
	for owner, s := range sh.all {
		if uint32(owner) != noOwner && s.count > count {
			most, count = uint32(owner), s.count
		}
	}
	return most
}
