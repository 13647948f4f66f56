package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMask(t *testing.T) {
	m := NewMask([]string{
		"OPENAI_API_KEY=lab-key", "HOME=/home/somebody", "DEPLOY_TOKEN=a b/c\"d+e", "PAPERS_DATABASE_PASSWORD=hunter22", "SHORT_KEY=abc",
		"SIGNING_KEY=-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----", "SSH_AUTH_SOCK=/tmp/agent.1",
	}, "told-apart", "told")
	for line, want := range map[string]string{
		"level=INFO msg=ready shards=12 idempotency_key=2101.00312v1/s1": "",
		"key lab-key was sent":                                  "key *** was sent",
		"told-apart and told":                                   "*** and told",
		`msg="GET /?t=a+b%2Fc%22d%2Be"`:                         `msg="GET /?t=***"`,
		`msg="sent a b/c\"d+e"`:                                 `msg="sent ***"`,
		"MIIEvQIBADANBg":                                        "***",
		"connect hunter22":                                      "connect ***",
		"abc /home/somebody /tmp/agent.1":                       "",
		"Authorization: Bearer sesame123":                       "Authorization: Bearer ***",
		`{"authorization":"Basic dXNlcjpwYXNz","n":1}`:          `{"authorization":"Basic ***","n":1}`,
		`body="{\"api_key\":\"sesame\",\"n\":1}"`:               `body="{\"api_key\":***\",\"n\":1}"`,
		"api-key=sesame, n=1":                                   "api-key=***, n=1",
		`password="open sesame" n=1`:                            `password=***" n=1`,
		"client_secret: sesame":                                 "client_secret: ***",
		"GET http://x/?access_token=sesame&n=1":                 "GET http://x/?access_token=***&n=1",
		"dial postgres://papers:sesame@db:5432/papers: refused": "dial postgres://***@db:5432/papers: refused",
		"redis://:sesame@127.0.0.1:6379 and http://a/b@c":       "redis://***@127.0.0.1:6379 and http://a/b@c",
		"papers deliver --openai-key sesame --lanes 8":          "papers deliver --openai-key *** --lanes 8",
		"requirepass sesame":                                    "requirepass ***",
		"https://hooks.slack.com/services/T0/B0/sesame":         "https://hooks.slack.com/services/***",
		"sk-proj-abcdefgh12345678 is wrong":                     "*** is wrong",
		"max_tokens=512 tokens: 7 token_count=3":                "",
	} {
		if want == "" {
			want = line
		}
		if got := m.Text(line); got != want {
			t.Errorf("%s\n became %s\n want   %s", line, got, want)
		}
	}
}

// FuzzMask: wherever a known secret stands, it is gone.
func FuzzMask(f *testing.F) {
	for _, s := range []string{"", "token=", "://", "Bearer ", `\"`, "lab-", "key"} {
		f.Add(s, s)
	}
	m := NewMask(nil, "lab-key-4711")
	f.Fuzz(func(t *testing.T, before, after string) {
		if got := m.Text(before + "lab-key-4711" + after); strings.Contains(got, "lab-key-4711") {
			t.Errorf("%q", got)
		}
	})
}

func TestKeep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run[1]*")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var long strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&long, "line %05d lab-key\n", i)
	}
	put("a.log", "one\r\nkey=lab-key\n\nthe last has no end")
	put("b.log", long.String())
	put("c.log", strings.Repeat("x", longest-3)+"lab-key-and-more"+strings.Repeat("y", 3*read)+"\nnext\n")
	put("d.txt", "no log")
	put("e.log", "")
	if err := os.Mkdir(filepath.Join(dir, "f.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	kept := Keep(dir, NewMask(nil, "lab-key"))
	if len(kept) != 5 {
		t.Fatalf("kept %d logs, want a, b, c, e and f: %+v", len(kept), kept)
	}
	if a := kept[0]; a.Part != "a" || string(a.Text) != "one\nkey=***\n\nthe last has no end\n" || a.Written != 37 {
		t.Errorf("kept %q of %d bytes", a.Text, a.Written)
	}
	checkCut(t, kept[1])
	if c := string(kept[2].Text); strings.Contains(c, "lab") || !strings.Contains(c, "***") || !strings.HasSuffix(c, "bytes or more)\nnext\n") || len(c) > longest+100 {
		t.Errorf("of a long line is kept\n%s", c)
	}
	if e, f := kept[3], kept[4]; len(e.Text) != 0 || !strings.Contains(string(f.Text), "could not be kept") {
		t.Errorf("kept %q and %q", e.Text, f.Text)
	}
	if none := Keep(filepath.Join(dir, "none"), NewMask(nil)); none != nil {
		t.Errorf("a folder that does not exist has %v", none)
	}
}

// checkCut: of a log that is too long the first and the last lines stay, and what
// is left out is counted right.
func checkCut(t *testing.T, b Kept) {
	t.Helper()
	text := string(b.Text)
	first, rest, cut := strings.Cut(text, "--- ")
	var lines, bytes int
	if _, err := fmt.Sscanf(rest, "%d lines, %d bytes, are left out here ---", &lines, &bytes); err != nil || !cut {
		t.Fatalf("no mark of what was cut: %v", err)
	}
	last := rest[strings.Index(rest, "\n")+1:]
	if got := strings.Count(first, "\n") + lines + strings.Count(last, "\n"); got != 40_000 || bytes != lines*len("line 00000 lab-key\n") {
		t.Errorf("%d lines are kept or counted, want 40000", got)
	}
	if !strings.HasPrefix(first, "line 00000 ***\n") || !strings.HasSuffix(last, "line 39999 ***\n") || len(text) > PerLog+100 || len(text) < PerLog*3/4 {
		t.Errorf("%d bytes are kept, from %.20q to %q", len(text), text, text[len(text)-20:])
	}
}

// Many logs share the bound of all.
func TestKeepIsBoundedInAll(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("0123456789abcdef\n", PerLog/16)
	for i := range 2 * InAll / PerLog {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.log", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	size := 0
	for _, k := range Keep(dir, NewMask(nil)) {
		size += len(k.Text)
	}
	if size > InAll+InAll/50 || size < InAll-InAll/50 {
		t.Errorf("%d bytes are kept, want about %d", size, InAll)
	}
}
