package browse

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"phoenix/properties/explore"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// needBrowser is set to anything where these tests must not be skipped for want of a browser.
const needBrowser = "PHOENIX_NEED_BROWSER"

// patient bounds how long the browser may take for a whole test.
const patient = 60 * time.Second

// tab is a page in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string
}

// openTab starts a browser on the page of s.
func openTab(t *testing.T, s *Server) *tab {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		require.Empty(t, os.Getenv(needBrowser), "no Chromium is installed")
		t.Skip("no Chromium is installed")
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1440, 900),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true))...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, url: server.URL}
	b.open("")
	return b
}

// open goes to an address behind the #, by a new load of the page.
func (b *tab) open(hash string) {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(b.url+"/"+hash))
	b.ready()
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

// until waits for a condition of the page. That it cannot be asked, while the browser goes
// over from one page to another, is as if it did not hold.
func (b *tab) until(condition string) {
	b.t.Helper()
	var holds bool
	var err error
	for begun := time.Now(); !holds && time.Since(begun) < patient/2; time.Sleep(10 * time.Millisecond) {
		holds, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
	}
	require.NoError(b.t, err, condition)
	require.True(b.t, holds, condition)
}

// ready waits until the page shows the state of its address, which is not the first state's
// without a path.
func (b *tab) ready() {
	b.t.Helper()
	b.until(`document.body.dataset.ready === 'problem' ||
		location.hash.length > 2 && document.body.dataset.ready === location.hash.slice(2)`)
}

// click clicks the first element that a selector finds, and waits for the state.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
	b.ready()
}

// press presses a key, and waits for the state.
func (b *tab) press(key string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(key))
	b.ready()
}

// text returns the text of all elements that a selector finds, each in a line.
func (b *tab) text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](
		`[...document.querySelectorAll(`+"`"+selector+"`"+`)].map((e) => e.textContent).join('\n')`))
	require.NoError(b.t, err)
	return text
}

// count returns how many elements a selector finds.
func (b *tab) count(selector string) int {
	b.t.Helper()
	n, err := chromedp.Run(b.ctx, chromedp.Evaluate[int]("document.querySelectorAll(`"+selector+"`).length"))
	require.NoError(b.t, err)
	return n
}

// hash returns the path in the address, as its fingerprints.
func (b *tab) hash() []string {
	b.t.Helper()
	hash, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.hash"))
	require.NoError(b.t, err)
	require.True(b.t, strings.HasPrefix(hash, "#/"), hash)
	return strings.Split(hash[2:], "/")
}

func TestAPersonWalksByClicksAndComesBack(t *testing.T) {
	b := openTab(t, serverOf(t, Config{About: "two nodes"}))
	require.Len(t, b.hash(), 1, "the only initial state is gone to by itself")
	require.Equal(t, "two nodes", b.text("#about"))
	require.Equal(t, 1, b.count("#sequence a.row"))
	require.Zero(t, b.count(".field.changed"))

	b.click("#next a.step.timer")
	require.Len(t, b.hash(), 2)
	require.Contains(t, b.text(".node.acted .field.changed"), "Sent0 → 1")
	require.Equal(t, "new", b.text(".message.new .badge"))
	require.Equal(t, 1, b.count("svg g.flight.afloat"), "it is under way")
	b.click("#next a.step.deliver")
	require.Equal(t, 1, b.count(`svg g.flight.delivered[data-from="writer"][data-to="reader <b>"]`), "it has arrived")
	require.Zero(t, b.count("svg g.flight.afloat"))
	require.Contains(t, b.text(".node.acted .field.changed"), "Last0 → 1")
	bookmark := b.hash()
	require.Len(t, bookmark, 3)
	b.click("#next a.step.crash")
	require.Equal(t, 1, b.count("svg path.crash"))
	require.Equal(t, 1, b.count(".node.down"))

	b.do(chromedp.Evaluate[chromedp.Void]("history.back()"))
	b.until("document.body.dataset.ready === '" + strings.Join(bookmark, "/") + "'")
	require.Zero(t, b.count("svg path.crash"))
	b.do(chromedp.Evaluate[chromedp.Void]("history.forward()"))
	b.until("document.querySelectorAll('svg path.crash').length === 1")
	b.click("#sequence a.row:nth-of-type(2)")
	require.Equal(t, bookmark[:2], b.hash(), "a click on a step goes back to it")
	b.click("#back")
	require.Equal(t, bookmark[:1], b.hash())

	b.open("#/" + strings.Join(bookmark, "/"))
	require.Contains(t, b.text(".node.acted .field.changed"), "Last0 → 1", "the bookmark shows the same")
	b.do(chromedp.Reload())
	b.ready()
	require.Equal(t, bookmark, b.hash())
}

func TestAPersonWalksByKeys(t *testing.T) {
	b := openTab(t, serverOf(t, Config{}))
	b.press(kb.Enter)
	b.press(kb.Enter)
	require.Equal(t, "timer tick", b.text("#sequence a.row:last-of-type .text")[:10])
	b.press(kb.Backspace)
	require.Len(t, b.hash(), 2)
	require.Equal(t, 4, b.count("#next a.step"))
	b.do(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown))
	require.Contains(t, b.text("#next a.selected"), "crashes")
	b.do(chromedp.KeyEvent(kb.ArrowUp))
	require.Contains(t, b.text("#next a.selected"), "gets")

	// By a script: what types for a test would type the slash in the field, too.
	b.do(chromedp.Evaluate[chromedp.Void]("dispatchEvent(new KeyboardEvent('keydown', { key: '/' }))"),
		chromedp.KeyEvent("drop number"))
	require.Equal(t, "1 of 4", b.text("#next-count"))
	require.Contains(t, b.text("#next a.selected"), "loses")
	b.press(kb.Backspace)
	require.Len(t, b.hash(), 2, "there it deletes a letter")
	b.press(kb.Enter)
	require.Equal(t, 1, b.count("svg g.flight.lost path.mark"))
	b.do(chromedp.KeyEvent(kb.Escape))
	b.press(kb.Backspace)
	b.press(kb.Backspace)
	b.press(kb.Backspace)
	require.Len(t, b.hash(), 1, "there is nothing before the first state")

	b.press(kb.Enter)
	b.do(chromedp.Focus(chromedp.CSS("#next a.step.crash")))
	b.press(kb.Enter)
	require.Equal(t, 1, b.count(".node.down"), "the step that has the focus is taken")
}

func TestMarkupInAStateIsShownAndNotObeyed(t *testing.T) {
	s := serverOf(t, Config{About: markup})
	b := openTab(t, s)
	b.do(chromedp.Click(chromedp.CSS("#run")))
	b.until("document.querySelector('.outcome.fail a')")
	b.click(".outcome.fail a")
	require.Len(t, b.hash(), 4)
	for _, shown := range []string{"#model", "#about", "#next .step .text", "#sequence .row .text",
		"#state .field .value", "#state .message .value",
		"#claims", "#claims pre", "#search", "#search pre", "#state .parts .name", "#sequence .told"} {
		require.Contains(t, b.text(shown), markup, shown)
	}
	for _, made := range []string{"img", "main b", "main script", "[onerror]", "header b"} {
		require.Zero(t, b.count(made), made)
	}
	title, err := chromedp.Run(b.ctx, chromedp.Title())
	require.NoError(t, err)
	require.Equal(t, "letters "+markup+" · step 3", title)
}

func TestTimeThatPassesIsAStep(t *testing.T) {
	m := letters()
	m.Timed = &explore.Timed{Tick: time.Millisecond, Min: time.Millisecond, Max: 2 * time.Millisecond}
	b := openTab(t, serverOf(t, Config{Model: m}))
	require.Contains(t, b.text(".timers .chip"), "tick due in 1ms")
	require.Contains(t, b.text("#next .step.tick"), "time passes")
	b.click("#next .step.tick")
	require.Equal(t, "time passes", b.text("#sequence .row.tick .text"))
	require.Equal(t, 1, b.count("#sequence path.tick"))
	require.Contains(t, b.text(".timers .chip"), "tick due in 0s")
	b.click("#next .step.timer")
	require.Contains(t, b.text("#state .message"), "due in 1ms to 2ms")
}

func TestACounterexampleOfTheSearchIsLoaded(t *testing.T) {
	b := openTab(t, serverOf(t, Config{}))
	require.Equal(t, 1, b.count(".claim.holds"))
	b.do(chromedp.Click(chromedp.CSS("#run")))
	b.until("document.querySelector('.outcome.fail a')")
	require.Contains(t, b.text(".outcome.fail a"), "Counterexample, 3 steps")
	b.click(".outcome.fail a")
	require.Contains(t, b.text(".claim.violated"), "it has two")
	require.Contains(t, b.text("#status"), "Violated: not two")
	require.Equal(t, 1, b.count(".outcome.fail a"), "what was found stays")
}

func TestABookmarkOfAnotherModelIsAnErrorWithAWayOut(t *testing.T) {
	b := openTab(t, serverOf(t, Config{}))
	b.open("#/00000000deadbeef")
	require.Contains(t, b.text("#problem"), "00000000deadbeef: it is not an initial state of this model")
	require.Zero(t, b.count("#next a.step"))
	b.do(chromedp.Click(chromedp.CSS("#problem a")))
	b.until("document.body.dataset.ready?.length === 16")
	require.Equal(t, 1, b.count("#next a.step.timer"))
	hidden, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("document.getElementById('problem').hidden"))
	require.NoError(t, err)
	require.True(t, hidden)
}
