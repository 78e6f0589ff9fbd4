// Package routers tests the library with the routers and frameworks that Go programs use: the same
// application, and the same black-box test, for each. docs/routers.md shows its code.
package routers
