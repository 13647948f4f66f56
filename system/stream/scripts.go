package stream

import (
	"embed"

	"github.com/redis/go-redis/v9"

	"paperlab/system/sabotage"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// Each script runs on one shard: all its KEYS share the shard's hash tag.
var (
	produceScript = loadScript("produce")
	tendScript    = loadScript("tend")
	releaseScript = loadScript("release")
	fetchScript   = loadScript("fetch")
	claimScript   = loadScript("claim")
	commitScript  = loadScript("commit")
	trimScript    = loadScript("trim")
	inspectScript = loadScript("inspect")
)

// loadScript puts the guards in front of a script: the checks that a sabotage
// takes away, kept in one place so that what is planted is exactly one defect.
func loadScript(name string) *redis.Script {
	guards := map[string]string{
		"held":        "return redis.call('GET', lease) == tenure",
		"free":        "return not holder",
		"acknowledge": "return redis.call('XACK', entries, group, id) == 1",
		"repeated":    "return redis.call('GET', seen)",
		"agreed":      "return last == known",
		"remembered": "local last = redis.call('GET', commits) " +
			"return number == 1 or last == tenure .. ' ' .. (number - 1) or last == tenure .. ' ' .. number",
	}
	if sabotage.On(sabotage.NoEpochCheck) {
		guards["held"] = "return true"
		guards["free"] = "return true"
		guards["agreed"] = "return true"
		guards["remembered"] = "return true"
	}
	if sabotage.On(sabotage.AckBeforeEffect) {
		guards["acknowledge"] = "redis.call('XACK', entries, group, id) return true"
	}
	if sabotage.On(sabotage.NoRepeatCheck) {
		guards["repeated"] = "return false"
	}
	text := func(name string) string {
		body, err := luaFiles.ReadFile("lua/" + name + ".lua")
		if err != nil {
			panic(err)
		}
		return string(body)
	}
	return redis.NewScript(
		"local function held(lease, tenure) " + guards["held"] + " end\n" +
			"local function free(holder) " + guards["free"] + " end\n" +
			"local function acknowledge(entries, group, id) " + guards["acknowledge"] + " end\n" +
			"local function repeated(seen) " + guards["repeated"] + " end\n" +
			"local function agreed(last, known) " + guards["agreed"] + " end\n" +
			"local function remembered(commits, tenure, number) " + guards["remembered"] + " end\n" +
			text("prelude") + text(name))
}
