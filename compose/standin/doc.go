// Package standin plays everything outside the paper service that a lab cannot
// have: arXiv, the two LLMs, the people's webhooks, and Slack. Each is an HTTP
// server of its own, inside the lab's process, so that none of
// them dies with a process under test.
//
//	NewArxiv   the query API over a corpus that appears by the clock
//	NewGateway arXiv itself, asked politely, with a witness in between
//	NewLLM     an OpenAI-compatible chat endpoint, as Ollama or as OpenAI
//	NewSink    the webhooks of all subscribers
//	NewSlack   where alerts arrive
//
// A stand-in is two things at once. It is a counterpart with the manners of the
// original, bad ones included: rate limits, full queues, late answers. What a
// fault adds is a Manner. And it is a witness: it records what it was asked and what it
// answered as history.Events, and what a checker believes rests on that. So an
// event is recorded at the moment that gives it its meaning, under one lock
// where its order matters:
//
//   - Serve before the page is written. A page that then gets lost on its way
//     was served all the same: served means offered, not received.
//   - Tell at acceptance, before the answer's latency, so that the order of
//     Tell events is the order in which people were told.
//   - Ask as Invoke when the request is understood, and OK only after the
//     answer is written; the caller hanging up first is Info.
//
// # Use
//
//  1. Make one with its Config; bad values are refused by field and bound.
//  2. Start it. URL is good from then on.
//  3. SetManner switches its manner at any time: how it treats requests in
//     place of its ordinary answer, as one value. Requests that are waiting when
//     it changes go on under the new one, so that a heal is immediate. Refuse
//     closes the door itself: whoever connects is refused.
//  4. Stop it. Requests in hand are cut off.
//
// Latencies and coin tosses come from a source that is seeded by the Config;
// they are drawn in the order in which requests arrive, and the same whatever the
// manner.
package standin
