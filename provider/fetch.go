package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// fetch fetches a public document, the metadata or the keys, by the name that errors have for it.
// What a second try may mend is an outage: no answer, 5xx and 429. Everything else means that the
// address is wrong, or what is at the address.
func (out outbound) fetch(ctx context.Context, name, address string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, &misconfigured{fmt.Errorf("%s: bad address: %w", name, rootCause(err))}
	}
	a, err := do(out.client(sameOrigin), r)
	switch _, unanswered := errors.AsType[*unreachable](err); {
	case err == nil:
	case unanswered && !errors.Is(err, errOtherOrigin) && !errors.Is(err, errTooManyRedirects):
		return answer{}, fmt.Errorf("%s: %w", name, err)
	default:
		return answer{}, &misconfigured{fmt.Errorf("%s: %w", name, err)}
	}
	if a.status == http.StatusOK {
		return a, nil
	}
	err = fmt.Errorf("%s: %s: status %d", name, displayed(address), a.status)
	switch {
	case a.status >= 500, a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout:
		return answer{}, err
	}
	return answer{}, &misconfigured{err}
}

// displayed is an address as errors show it, without query and user.
func displayed(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "a malformed address"
	}
	return where(u)
}
