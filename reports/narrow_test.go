package reports

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// frame shows a page as a screen of 400 pixels does, and says how wide it became
// and what stands out of it.
const frame = `<iframe id=f width=400 height=3000 style="border:0" src="%s"></iframe><pre id=o></pre><script>
f.onload = () => {
  const d = f.contentDocument, out = [...d.querySelectorAll("body *")].filter(e => !e.closest("svg,.scroll,pre,figure") && e.getBoundingClientRect().right > 401)
  o.textContent = "width " + d.documentElement.scrollWidth + ";" + out.map(e => e.tagName + " " + e.textContent.slice(0, 40)).slice(0, 5)
}</script>`

// TestNarrowScreen: on 400 pixels no page scrolls sideways. It needs chromium, and
// takes about 2 s.
func TestNarrowScreen(t *testing.T) {
	t.Parallel()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("not tested: there is no chromium to look with")
	}
	out := t.TempDir()
	run, bench := filepath.Join(out, "consumer-crash", "a"), filepath.Join(out, "bench-sharding", "b")
	if err := os.CopyFS(run, os.DirFS(written(t))); err != nil {
		t.Fatal(err)
	}
	if err := WriteBench(bench, sampleBench()); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(filepath.Join(out, "consumer-crash", "not-drawn"), recordFile, crashResult(1)); err != nil {
		t.Fatal(err)
	}
	if err := Index(out); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{filepath.Join(out, "index.html"), filepath.Join(run, "report.html"), filepath.Join(bench, "report.html")} {
		look := filepath.Join(t.TempDir(), "frame.html")
		if err := os.WriteFile(look, []byte(fmt.Sprintf(frame, "file://"+page)), 0o600); err != nil {
			t.Fatal(err)
		}
		dom, err := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
			"--user-data-dir="+t.TempDir(), "--window-size=600,3000", "--dump-dom", "file://"+look).Output()
		if err != nil {
			t.Skipf("not tested: chromium does not run here: %v", err)
		}
		if seen := regexp.MustCompile(`width (\d+);[^<]*`).FindString(string(dom)); !strings.HasPrefix(seen, "width 400;") && !strings.HasPrefix(seen, "width 385;") || !strings.HasSuffix(seen, ";") {
			t.Errorf("%s on 400 pixels: %q", filepath.Base(page), seen)
		}
	}
}

// Paper is white: the dark colours are for screens alone.
func TestDarkColoursAreForScreens(t *testing.T) {
	t.Parallel()
	css := read(t, "template", "style.css")
	if n := strings.Count(css, "prefers-color-scheme:dark"); n == 0 || n != strings.Count(css, "@media screen and (prefers-color-scheme:dark)") {
		t.Errorf("%d dark rules, not all of them for screens", n)
	}
}
