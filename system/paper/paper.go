// Package paper holds the domain's types: what is harvested, what is made of
// it and who is told. It knows nothing of Redis, SQL, HTTP or an LLM, and
// imports the standard library only, so that every other package, the
// lab's checkers included, can share these words.
package paper

import (
	"fmt"
	"time"
)

// Paper is the metadata of one version of one paper.
type Paper struct {
	// ID is arXiv's identifier without a version: "2101.00001" or
	// "hep-th/9901001". It is the key that order is kept for.
	ID string `json:"id"`
	// Version counts from 1.
	Version int `json:"version"`
	// Title and Abstract are plain text, white space folded. Abstract may be
	// empty.
	Title    string   `json:"title"`
	Abstract string   `json:"abstract,omitempty"`
	Authors  []string `json:"authors"`
	// Categories are arXiv's ("cs.DC"), the primary one first.
	Categories []string `json:"categories"`
	// Published is the time of version 1, Updated that of this version; UTC.
	Published time.Time `json:"published"`
	Updated   time.Time `json:"updated"`
}

// VersionID names this version of the paper: "2101.00001v2". It is the message
// id on the papers stream.
func (p Paper) VersionID() string { return VersionID(p.ID, p.Version) }

// VersionID joins a paper id and a version (1 and up) the way arXiv does.
func VersionID(id string, version int) string { return fmt.Sprintf("%sv%d", id, version) }

// URL is the address of the abstract page, never of the PDF: arXiv asks that
// services link to the abstract.
func (p Paper) URL() string { return "https://arxiv.org/abs/" + p.VersionID() }

// Summary is what an LLM made of one version of a paper. (PaperID, Version,
// Prompt, Model) is its unique key.
type Summary struct {
	PaperID string `json:"paper"`
	Version int    `json:"version"`
	// Prompt names the wording that was used ("v1").
	Prompt string `json:"prompt"`
	// Provider is "ollama" or "openai", Model the provider's model name.
	Provider  string    `json:"provider"`
	Model     string    `json:"model"`
	Text      string    `json:"text"`
	CreatedAt time.Time `json:"created_at"`
}

// Subscriber is a person to be told by webhook.
type Subscriber struct {
	ID      string `json:"id"`
	Webhook string `json:"webhook"`
}

// Kind says which part of a paper a subscription looks at.
type Kind string

// The kinds of subscription.
const (
	// Keyword matches a whole word, or a run of whole words, of title or
	// abstract; letter case does not count. A word is a run of Unicode
	// letters and digits.
	Keyword Kind = "keyword"
	// Category matches one of the paper's categories exactly ("cs.DC"), or,
	// without a dot, a whole archive ("cs" matches "cs.DC" and "cs").
	Category Kind = "category"
	// Author matches a run of whole words of one author's name; letter case
	// does not count.
	Author Kind = "author"
)

// Subscription is one person's standing wish.
type Subscription struct {
	ID         string `json:"id"`
	Subscriber string `json:"subscriber"`
	Kind       Kind   `json:"kind"`
	Term       string `json:"term"`
}

// Notification tells one subscriber of one version of a paper, because of one
// subscription. It is the payload of the notifications stream, keyed by
// Subscriber, and the body that a webhook receives.
type Notification struct {
	// ID is NotificationID of the version and the subscription: the same
	// however often the work is done again.
	ID           string `json:"id"`
	Subscriber   string `json:"subscriber"`
	Subscription string `json:"subscription"`
	Paper        string `json:"paper"`
	Version      int    `json:"version"`
	Title        string `json:"title"`
	URL          string `json:"url"`
	Summary      string `json:"summary"`
	// Webhook is the address to post to; it is not part of what is posted.
	Webhook string `json:"webhook,omitempty"`
}

// NotificationID is derived from what caused the notification and from nothing
// else. An index into the list of matches would not do: the list may change
// between a first attempt and its repetition, and the same index would then
// name another subscriber.
func NotificationID(versionID, subscriptionID string) string {
	return versionID + "/" + subscriptionID
}
