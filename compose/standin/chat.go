package standin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// chatRequest is the part of an OpenAI chat completion request that matters
// here; the rest is ignored.
type chatRequest struct {
	Model    string        `json:"model"`
	Messages []chatMessage `json:"messages"`
	Stream   bool          `json:"stream"`
}

type chatMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type chatResponse struct {
	ID      string       `json:"id"`
	Object  string       `json:"object"`
	Created int64        `json:"created"`
	Model   string       `json:"model"`
	Choices []chatChoice `json:"choices"`
	Usage   chatUsage    `json:"usage"`
}

type chatChoice struct {
	Index        int         `json:"index"`
	Message      chatMessage `json:"message"`
	FinishReason string      `json:"finish_reason"`
}

type chatUsage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
}

func parseChat(body []byte) (chatRequest, *refusal) {
	var req chatRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return req, badRequest("the body is not a chat completion request: " + err.Error())
	}
	switch {
	case req.Model == "":
		return req, badRequest("you must provide a model parameter")
	case req.user() == "":
		return req, badRequest("messages holds no message of role user with a text")
	case req.Stream:
		return req, badRequest("this stand-in does not stream: leave stream out or set it to false")
	}
	return req, nil
}

// user is the last message of role user.
func (r chatRequest) user() string {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if r.Messages[i].Role == "user" {
			return strings.TrimSpace(r.Messages[i].Content)
		}
	}
	return ""
}

// version is the version id that the user message's first line names, as in
// "arXiv:2101.00001v1"; empty if it does not.
func (r chatRequest) version() string {
	line, _, _ := strings.Cut(r.user(), "\n")
	if id, ok := strings.CutPrefix(strings.TrimSpace(line), "arXiv:"); ok && len(id) <= 64 {
		return strings.TrimSpace(id)
	}
	return ""
}

// writeChat answers; the error says that the caller did not get the answer, as
// far as that can be seen from here.
func writeChat(w http.ResponseWriter, cfg LLMConfig, req chatRequest, id string) error {
	text := extract(req.user(), cfg.Tokens)
	prompt := 0
	for _, m := range req.Messages {
		prompt += tokens(m.Content) + 4
	}
	res := chatResponse{
		ID: "chatcmpl-" + id, Object: "chat.completion", Created: time.Now().Unix(), Model: req.Model,
		Choices: []chatChoice{{Message: chatMessage{Role: "assistant", Content: text}, FinishReason: "stop"}},
		Usage:   chatUsage{PromptTokens: prompt, CompletionTokens: tokens(text), TotalTokens: prompt + tokens(text)},
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(res); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// tokens estimates: English has about four characters to a token.
func tokens(text string) int { return (len(text) + 3) / 4 }

// extract makes a summary as a hurried reader would: the first sentences of
// the longest paragraph, up to the wanted length, at least one.
func extract(prompt string, length int) string {
	longest := ""
	for i, part := range strings.Split(prompt, "\n") {
		if part = strings.TrimSpace(part); len(part) > len(longest) && !(i == 0 && strings.HasPrefix(part, "arXiv:")) {
			longest = part
		}
	}
	longest = strings.TrimPrefix(longest, "Abstract: ")
	end := 0
	for end < len(longest) && (end == 0 || tokens(longest[:end]) < length) {
		next := strings.Index(longest[end:], ". ")
		if next < 0 {
			end = len(longest)
			break
		}
		end += next + 2
	}
	text := strings.TrimSpace(longest[:end])
	// A sentence that does not end must not make the answer endless.
	if most := 8 * length; len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	if text == "" {
		return "Nothing was given to summarize."
	}
	return text
}

// refusal is an answer that is not 200.
type refusal struct {
	status int
	// code names the reason in the history.
	code       string
	body       string
	retryAfter time.Duration
	// reset: there is no answer, the connection is reset.
	reset bool
}

func (r *refusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", retrySeconds(r.retryAfter))
	}
	w.WriteHeader(r.status)
	_, _ = w.Write([]byte(r.body))
}

// retrySeconds is a Retry-After header's value: whole seconds, rounded up.
func retrySeconds(d time.Duration) string {
	return fmt.Sprint(int64((d + time.Second - 1) / time.Second))
}
