package detect

// Cause says which fault should raise an alert.
type Cause struct {
	Alert string
	// Fault is the fault's id in the round; What says it in words.
	Fault, What string
}

// causes are those of detect.yaml.
var causes = []Cause{
	{"ConsumerDown", "kill-1", "a deliverer is killed"},
	{"WatchDown", "kill-2", "the watcher is killed"},
	{"RedisNodeUnreachable", "partition-1", "a summarizer loses one Redis node"},
	{"LLMFailing", "llm-1", "both LLMs answer with errors"},
	{"LLMPrimaryDown", "llm-1", "both LLMs answer with errors"},
	{"LLMAllDown", "llm-1", "both LLMs answer with errors"},
	{"LagHigh", "llm-1", "both LLMs answer with errors"},
	{"DeliveriesFailing", "sink-1", "every second webhook is answered 500"},
}

// uncaused are the alerts that are not benchmarked, each with its reason. A test
// holds the rule files to both lists.
var uncaused = map[string]string{
	"LagUnknown":  "it speaks of an unread entry that was deleted, which no fault does",
	"DeadLetters": "it speaks of entries that fail whatever is tried; what a fault makes fail waits, and is done when the fault is over",
}

// besides are the further alerts that a fault may raise, which are then no false
// alarms: work that waits while the fault lasts, or is caught up with afterwards.
var besides = map[string][]string{
	"kill-1":      {"LagHigh"},
	"partition-1": {"LagHigh"},
	"sink-1":      {"LagHigh"},
}
