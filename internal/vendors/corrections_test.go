package vendors

import (
	"testing"

	"github.com/sallyport-go/sallyport/provider"
)

// F56: Fitbit has shut down its Web API and its OAuth endpoints.
func TestPresets_NoFitbit(t *testing.T) {
	if _, known := provider.PresetNamed("fitbit"); known {
		t.Error("there is a preset for Fitbit, whose endpoints answer 410")
	}
}
