package handlers

import (
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

// A flowError tells the operator why a callback has no flow that can be finished. Users read one
// text for all reasons.
type flowError struct {
	reason   flowReason
	provider string        // where a flow for elsewhere was started
	age      time.Duration // since the end of an expired flow, or until the start of one ahead
	answered error         // what the provider answered, if that is an error; not authenticated
}

// A greater flowReason is more specific.
type flowReason int

const (
	flowNoState flowReason = iota
	flowMissing
	flowUnreadable
	flowElsewhere
	flowAhead
	flowExpired
	flowUsed
)

// or keeps the more specific reason.
func (e *flowError) or(r flowReason) { e.reason = max(e.reason, r) }

// errUsed means that another callback has used the flow.
var errUsed = errors.New("handlers: the login was already finished: the callback came again, " +
	"perhaps at the same time")

// Error implements error.
func (e *flowError) Error() string {
	text := "handlers: " + e.why()
	if e.answered != nil {
		text += fmt.Sprintf(" (the callback reports %v)", e.answered)
	}
	return text
}

func (e *flowError) why() string {
	age := e.age.Round(time.Second)
	switch e.reason {
	case flowNoState:
		return "the callback has no state, or more than one: " +
			"was it opened by hand, or by the provider's own start page?"
	case flowUnreadable:
		return "the browser has a cookie for this login, but no session secret opens it: " +
			"use the same Session.Secret on all servers"
	case flowElsewhere:
		return fmt.Sprintf("the login was started at provider %q, or with another issuer or "+
			"client ID", e.provider)
	case flowAhead:
		return fmt.Sprintf("the login was started %v in the future: "+
			"compare the clocks of all servers", age)
	case flowExpired:
		return fmt.Sprintf("the login expired %v ago; it may take %v", age, flowLifetime)
	case flowUsed:
		return "the login was already finished: the callback came again"
	}
	return "the browser has no cookie for this login: " +
		"was it started in another browser or on another host, or are cookies blocked?"
}

// explain completes a flowError with what the callback shows.
func (l late) explain(now time.Time, err error) error {
	e, ok := errors.AsType[*flowError](err)
	if !ok {
		return err
	}
	explained := *e
	if explained.reason == flowMissing && l.used {
		explained.reason = flowUsed
	}
	if explained.reason == flowMissing && l.over {
		explained.reason, explained.age = flowExpired, now.Sub(l.issued.at)-flowLifetime
	}
	if answered := provider.CallbackError(l.params); answered != nil {
		explained.answered = answered
	}
	return &explained
}
