package standin

import (
	"encoding/json"
	"net/http"
)

// ollamaBusy is Ollama's answer when its queue is full, two blanks included.
const ollamaBusy = `{"error":"server busy, please try again.  maximum pending requests exceeded"}`

// openAIError writes an error the way OpenAI does.
func openAIError(kind, code, message string) string {
	type detail struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	}
	d := detail{Message: message, Type: kind}
	if code != "" {
		d.Code = &code
	}
	body, err := json.Marshal(map[string]detail{"error": d})
	if err != nil {
		panic(err) // strings always encode
	}
	return string(body)
}

var (
	noKey = &refusal{status: http.StatusUnauthorized, code: "no key", body: openAIError("invalid_request_error", "",
		"You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).")}
	wrongKey = &refusal{status: http.StatusUnauthorized, code: "invalid_api_key", body: openAIError("invalid_request_error", "invalid_api_key",
		"Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.")}
)

func badRequest(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "bad request", body: openAIError("invalid_request_error", "", message)}
}

// overloaded is the 503 of the provider.
func (l *LLM) overloaded(code string) *refusal {
	body := ollamaBusy
	if l.cfg.Provider == OpenAI {
		body = openAIError("server_error", "", "The engine is currently overloaded, please try again later")
	}
	return &refusal{status: http.StatusServiceUnavailable, code: code, body: body}
}

// refusal is what the mode answers at once; nil lets the call pass.
func (l *LLM) refusal(mode string) *refusal {
	switch mode {
	case Errors:
		return l.overloaded("mode errors")
	case Refuse:
		return &refusal{reset: true}
	case RateLimited:
		return &refusal{status: http.StatusTooManyRequests, code: "rate_limit_exceeded", retryAfter: l.cfg.RetryAfter,
			body: openAIError("requests", "rate_limit_exceeded",
				"Rate limit reached on requests per min (RPM). Please try again in "+l.cfg.RetryAfter.String()+".")}
	case Quota:
		return &refusal{status: http.StatusTooManyRequests, code: "insufficient_quota",
			body: openAIError("insufficient_quota", "insufficient_quota",
				"You exceeded your current quota, please check your plan and billing details.")}
	default:
		return nil
	}
}
