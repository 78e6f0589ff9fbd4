package session

// shares count the marks of each provider or tenant, and know those whose marks were too many.
type shares struct {
	owners    map[string]uint32
	names     []string
	counts    []int
	collapsed map[string]uint64 // by provider: sessions that began before this epoch are over
}

// nobody owns the marks of callers that do not say which provider they are about.
const nobody uint32 = 0

func newShares() shares {
	return shares{owners: map[string]uint32{}, names: []string{""}, counts: []int{0}, collapsed: map[string]uint64{}}
}

// of returns the number of a provider. Providers that are gone keep theirs: there are as many as there were
// tenants.
func (sh *shares) of(provider string) uint32 {
	owner, known := sh.owners[provider]
	if !known && len(sh.names) < 1<<ownerBits {
		owner = uint32(len(sh.names))
		sh.owners[provider] = owner
		sh.names, sh.counts = append(sh.names, provider), append(sh.counts, 0)
	}
	return owner
}

func (sh *shares) largest() uint32 {
	most := nobody
	for owner, n := range sh.counts {
		if n > sh.counts[most] {
			most = uint32(owner)
		}
	}
	return most
}
