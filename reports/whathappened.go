package reports

import (
	"fmt"
	"strings"
)

// whatHappened says that something happened only if that was proven.
func whatHappened(f Fault) string {
	target := orElse(f.Target, "an unnamed target")
	if f.Receipt.Before == "" && f.EffectAtS == nil {
		// Without evidence that the target was well, nothing is injected.
		return fmt.Sprintf("the fault %s was given up before it was injected", orElse(f.ID, f.Kind))
	}
	if f.EffectAtS != nil {
		switch f.Kind {
		case "kill":
			return target + " was killed"
		case "freeze":
			return target + " was frozen"
		case "partition":
			return cutOff(target)
		case "llm":
			return failing(f.ID, target)
		case "sink":
			return "the webhook sink took notifications and withheld its answers"
		}
	}
	return fmt.Sprintf("the fault %s was injected into %s", orElse(f.ID, f.Kind), target)
}

// cutOff reads the target of a partition, "process to address, address".
func cutOff(target string) string {
	process, addresses, found := strings.Cut(target, " to ")
	if !found {
		return target + " was cut off by a network partition"
	}
	if n := strings.Count(addresses, ",") + 1; n > 2 {
		addresses = fmt.Sprintf("%d addresses", n)
	}
	return fmt.Sprintf("%s was cut off from %s by a network partition", process, addresses)
}

// failing reads the mode from the end of an LLM fault's id,
// "llm-ollama+openai-errors".
func failing(id, target string) string {
	who := strings.ReplaceAll(target, "+", " and ")
	for mode, how := range map[string]string{
		"-errors": "answered with errors", "-slow": "answered too late", "-refuse": "refused connections",
	} {
		if strings.HasSuffix(id, mode) {
			return who + " " + how
		}
	}
	return who + " failed"
}
