package provider

// oauthPresets are the vendors that speak OAuth 2.0 or OAuth 1.0a alone, each in a file of its own.
var oauthPresets = []Preset{}
