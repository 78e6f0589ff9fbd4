// Package vendors tests the presets: each is signed in with, refreshed and signed out of over HTTP, against answers as its vendor
// gives them. They are in testdata/vendors, one file for each preset, with values that are made up. Only tests are in here.
//
// A file describes the usual case, and cases that differ from it: a member of a case takes the place of the file's, and objects
// (settings, vars, id_token, answers, params) are laid over the file's, where null takes a member away. In texts, {client_id},
// {redirect_uri}, {state}, {nonce}, {code}, {now}, {now-60} and whatever is in vars stand for their values, {id_token} for a token
// with the claims of id_token, {at_hash} and {c_hash} for what belongs into it.
//
// Parameters are given in full: one that is sent and not listed fails the test, so does one that is listed and not sent. {any} stands
// for any text. What every login sends need not be listed (see usualAuthorize and usualGrants). A request that no answer is there
// for fails the test.
package vendors
