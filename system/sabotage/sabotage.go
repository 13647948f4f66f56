// Package sabotage names the defects that can be planted in the hardened
// service to prove that the lab's checkers can say no.
//
// In an ordinary build On is a constant false and the compiler removes every
// planted branch: the service that ships cannot be sabotaged. Built with
// `-tags sabotage`, a process plants the one defect that PAPERS_SABOTAGE names.
package sabotage

// The defects. Each must turn exactly one checker red.
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
)
