package standin

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/sashabaranov/go-openai"
)

// chatRequest is an OpenAI chat completion request, of which little matters
// here.
type chatRequest struct{ openai.ChatCompletionRequest }

func parseChat(body []byte) (chatRequest, *reply) {
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
		if r.Messages[i].Role == openai.ChatMessageRoleUser {
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

// answerChat is the ordinary answer.
func answerChat(req chatRequest, id string) reply {
	text := extract(req.user(), answerTokens)
	prompt := 0
	for _, m := range req.Messages {
		prompt += tokens(m.Content) + 4
	}
	return jsonReply(http.StatusOK, openai.ChatCompletionResponse{
		ID: "chatcmpl-" + id, Object: "chat.completion", Created: time.Now().Unix(), Model: req.Model,
		Choices: []openai.ChatCompletionChoice{{
			Message:      openai.ChatCompletionMessage{Role: openai.ChatMessageRoleAssistant, Content: text},
			FinishReason: openai.FinishReasonStop,
		}},
		Usage: openai.Usage{PromptTokens: prompt, CompletionTokens: tokens(text), TotalTokens: prompt + tokens(text)},
	})
}

func jsonReply(status int, content any) reply {
	body, err := json.Marshal(content)
	if err != nil {
		panic(err) // numbers and strings always encode
	}
	return reply{status: status, contentType: "application/json", body: body}
}

// readableChat tells whether an answer holds a completion.
func readableChat(body []byte) error {
	var res openai.ChatCompletionResponse
	if err := json.Unmarshal(body, &res); err != nil {
		return err
	}
	if len(res.Choices) == 0 {
		return errors.New("it holds no completion")
	}
	return nil
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

// openAIError writes an error the way OpenAI does.
func openAIError(status int, reason, kind, code, message string) *reply {
	detail := map[string]any{"message": message, "type": kind, "param": nil, "code": nil}
	if code != "" {
		detail["code"] = code
	}
	a := jsonReply(status, map[string]any{"error": detail})
	a.reason = reason
	return &a
}

func badRequest(message string) *reply {
	return openAIError(http.StatusBadRequest, "bad request", "invalid_request_error", "", message)
}

// queueFull is the provider's answer when no more requests may wait.
func queueFull(provider string) *reply {
	if provider == OpenAI {
		return openAIError(http.StatusServiceUnavailable, "queue full", "server_error", "", "The engine is currently overloaded, please try again later")
	}
	// Ollama's own words, two blanks included.
	return &reply{status: http.StatusServiceUnavailable, contentType: "application/json", reason: "queue full",
		body: []byte(`{"error":"server busy, please try again.  maximum pending requests exceeded"}`)}
}
