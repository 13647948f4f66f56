// Package stream keeps one logical stream of messages on many Redis Streams,
// its shards, spread over a Redis Cluster: order for each key, one owner for
// each shard, and a commit that no process out of its time can make.
//
// # Terms
//
// A message has an id (ours, the only thing that detects repeats), a key (what
// order is kept for) and a payload. hash(key) mod 1024 is its bucket; the
// routing table maps buckets to shards. All Redis keys of a shard share one
// hash tag, chosen so that shard i of n lies in the i-th n-th of the slots. With
// a prefix of the run ([Spec].Prefix) it stands before the name wherever papers
// stands here, as in {RUN:papers.3.1}:entries:
//
//	{papers}:routing       the routing table
//	{papers.3.1}:entries   the stream itself, with its consumer groups
//	{papers.3.1}:meta      routing version and length limit
//	{papers.3.1}:seen:ID   the entry that a message id already has; expires
//	{papers.3.1}:lease:G   who owns the shard for group G, and under which epoch
//	{papers.3.1}:members:G who could own it: members that announced themselves
//	{papers.3.1}:commits:G the number of the latest commit in its tenure
//	{papers.3.1}:outbox    results that wait for their destination shards
//	{papers.3.1}:dead      consumer dead letters
//
// The routing table is JSON. Who wants to know where a stream lies, a witness
// for one, reads it there and need not search the keyspace:
//
//	{"version": 1, "shards": 2, "tags": ["papers.0.0", "papers.1.0"], "buckets": [0, 0, …]}
//
// tags are the shards' hash tags in order, decided once, when the table is
// written. A table that was written before there were tags has none; they are
// then computed as they would be for a new stream of that name.
//
// # Flow
//
//	Produce ─▶ entries ─▶ fetch ─▶ lane ─▶ Handler ─▶ commit ─▶ outbox ─▶ relay
//	                        ▲        │ fails                └─▶ dead
//	                        │        └─ the key waits, other keys go on
//	                   claim (takeover, sweep)
//
// A [Consumer] is one member of a group. On every shard it announces itself
// and rendezvous hashing with fair shares says, from the members that announced
// themselves there, who should own it. Members are counted for each shard, not once for
// the group: a member that cannot reach one node is then missing on just that
// node's shards, which others take over, while it keeps the rest.
//
// An owner holds a lease, renewed at a third of its length, and trusts it only
// until the start of the last successful attempt plus that length. Every
// acquisition has a new random epoch. Fetch, claim and commit are scripts that
// compare owner and epoch before they do anything, so an owner that slept
// through the end of its lease can neither take entries nor commit: it is
// fenced ([ErrFenced]). Reading is fenced too, which is why entries are polled
// for by a script and not by a blocking XREADGROUP: a blocked read of a former
// owner would take entries that nobody then works on.
//
// # When things fail
//
//   - The process dies: the lease runs out, the next owner claims the whole
//     pending entries list in id order, then reads new entries.
//   - A handler says [Unavailable]: the key waits and is tried again for as
//     long as it takes; other keys go on.
//   - A handler fails otherwise: it is tried MaxAttempts times with back-off,
//     then the entry goes to the dead letters in the commit's atomic step.
//   - A fetch's answer is lost on the way, and the client library sends it again
//     by itself: the next fetch says which entry was delivered last as the owner
//     knows it, is given nothing, and the owner claims what it missed first.
//   - Redis loses a delivery or a commit in a failover: the owner's next fetch or
//     commit finds that Redis has forgotten the one before it, and the owner
//     begins again under a new epoch with the pending entries list. Going on
//     would let a later entry of a key overtake one that is pending again.
//     Results carry the same message ids. What nobody has in hand for other
//     reasons, a sweep claims.
//   - Results cannot be relayed: when as many wait as the shard may hold entries,
//     its owner takes no more.
//   - Memory is full: produce is refused ([ErrFull]). Scripts that must still
//     work begin with a command that Redis does not refuse; it checks memory
//     at a script's first write only.
package stream
