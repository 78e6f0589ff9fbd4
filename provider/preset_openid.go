package provider

// openIDPresets are the vendors that speak OpenID Connect, each in a file of its own.
var openIDPresets = []Preset{
	googlePreset,
}
