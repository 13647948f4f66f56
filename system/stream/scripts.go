package stream

import (
	"embed"
	"strings"

	"github.com/redis/go-redis/v9"

	"paperlab/system/sabotage"
)

//go:embed lua
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

// loadScript puts the guards in front of a script, and behind them what a
// sabotage plants in their place.
func loadScript(name string) *redis.Script {
	parts := []string{"guards"}
	for _, defect := range []string{sabotage.NoEpochCheck, sabotage.AckBeforeEffect, sabotage.NoRepeatCheck} {
		if sabotage.On(defect) {
			parts = append(parts, "sabotage/"+defect)
		}
	}
	var text strings.Builder
	for _, part := range append(parts, "prelude", name) {
		body, err := luaFiles.ReadFile("lua/" + part + ".lua")
		if err != nil {
			panic(err)
		}
		text.Write(body)
	}
	return redis.NewScript(text.String())
}
