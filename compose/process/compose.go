// Package process puts the parts of a run together as processes of this
// machine: the Redis Cluster, the links between each process and what it
// talks to, and the service's own processes.
//
//	lab process                              children
//	┌──────────────────────────────┐
//	│ Process ── supervises ───────┼──▶ papers summarize … ──┐
//	│   └ undo ledger              │                         │ dials
//	│ Links (Toxiproxy) ◀──────────┼─────────────────────────┘
//	│   └ one per process & target │──▶ redis-server ×6 (Cluster)
//	└──────────────────────────────┘
//
// Process is one child. It is entered into the undo ledger before it starts,
// lives in a process group of its own, and on Linux dies with the lab. Its
// output goes to a file in the run's folder, and errors quote the file's end.
//
// FindRedis finds redis-server, or installs it where that needs no question.
//
// Cluster is six redis-servers on 127.0.1.1 to 127.0.1.6, formed by this
// package over the Redis protocol, since redis-cli may not be there.
//
// Links are Toxiproxy proxies, one for each pair of process and target, so that
// one process can lose one target. A process is told the map from real address
// to link address and uses it in its dialer, redirections included. Links
// stand between the service and its surroundings, not between Redis nodes.
//
// What fails: a child that dies early makes the start that needed it fail, with
// the end of its output in the error. Whatever a failed or cancelled start has
// begun, it takes back before it returns.
package process
