// Package sabotage names the defects that can be planted in the hardened
// service to prove that the lab's checkers can say no.
//
// In an ordinary build On is a constant false and the compiler removes every
// planted branch: the service that ships cannot be sabotaged. Built with
// `-tags sabotage`, a process plants the one defect that PAPERS_SABOTAGE names.
//
// A defect that strikes says so on Channel, so that one that no checker found can
// be told from one that never happened.
package sabotage

// Channel is the Redis channel on which each strike is published, by the defect's
// name. The scripts know it too.
const Channel = "paperlab:sabotage"

// The defects. Each must turn exactly one checker red, but for SlowDrift.
const (
	// AckBeforeEffect acknowledges a paper before its work is done.
	AckBeforeEffect = "ack-before-effect"
	// NoEpochCheck lets every member own every shard and commit under any epoch.
	NoEpochCheck = "no-epoch-check"
	// NoRepeatCheck adds a message to a stream though its id was seen.
	NoRepeatCheck = "no-repeat-check"
	// DropNotification leaves one of a paper's several notifications out.
	DropNotification = "drop-notification"
	// SwapNotifications delivers two of one subscriber's notifications in the
	// wrong order.
	SwapNotifications = "swap-notifications"
	// FreshIdempotencyKey sends every attempt of a webhook under a new key.
	FreshIdempotencyKey = "fresh-idempotency-key"
	// TellStranger notifies a subscriber whose subscription does not match.
	TellStranger = "tell-stranger"
	// SlowDrift works on each paper a little longer than on the one before: no
	// effect is wrong, and the service is never steady.
	SlowDrift = "slow-drift"
)
