package browse

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// luminance is the relative luminance of a colour such as #1b2330 (WCAG 2.2, "relative
// luminance").
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 24)
	require.NoError(t, err)
	linear := func(shift int) float64 {
		c := float64(n>>shift&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}

// TestTextStandsOutFromWhatItIsOn holds the colours of both schemes to the contrast of WCAG
// 2.2, criterion 1.4.3, level AA: 4.5 to 1.
func TestTextStandsOutFromWhatItIsOn(t *testing.T) {
	css, err := assets.ReadFile("assets/style.css")
	require.NoError(t, err)
	blocks := regexp.MustCompile(`:root \{([^}]*)\}`).FindAllStringSubmatch(string(css), -1)
	require.Len(t, blocks, 2, "light and dark")
	for _, b := range blocks {
		colours := map[string]string{}
		for _, c := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(b[1], -1) {
			colours[c[1]] = c[2]
		}
		for on, texts := range map[string]string{
			"panel": "text quiet accent good bad warn new old", "page": "text quiet accent",
			"soft": "text quiet warn bad accent", "accent-soft": "text quiet accent warn bad good",
			"bad-soft": "bad", "new-soft": "new",
		} {
			for text := range strings.FieldsSeq(texts) {
				a, b := luminance(t, colours[text]), luminance(t, colours[on])
				require.GreaterOrEqual(t, (max(a, b)+0.05)/(min(a, b)+0.05), 4.5, "%s on %s", text, on)
			}
		}
	}
}

func TestEveryControlHasANameAndCanBeReachedByKeys(t *testing.T) {
	b := openTab(t, serverOf(t, Config{}))
	b.click("#next a.step")
	nameless, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`
		[...document.querySelectorAll('a, button, input, summary, section, svg')]
		.filter((e) => e.getAttribute('aria-hidden') !== 'true')
		.filter((e) => !(e.textContent.trim() || e.labels?.length || e.getAttribute('aria-label')))
		.map((e) => e.outerHTML).join('\n')`))
	require.NoError(t, err)
	require.Empty(t, nameless)
	unreachable, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`
		[...document.querySelectorAll('a:not([aria-disabled]), button, input, summary')]
		.filter((e) => e.checkVisibility() && e.tabIndex < 0).map((e) => e.outerHTML).join('\n')`))
	require.NoError(t, err)
	require.Empty(t, unreachable)
	require.Equal(t, 1, b.count("[role=status][aria-live=polite]"))
	require.Contains(t, b.text("[role=status]"), `timer "tick" of writer. 4 next steps.`)
	require.Equal(t, 1, b.count(`#sequence a[aria-current=step]`))
}
