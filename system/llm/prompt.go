package llm

import (
	"errors"
	"strings"

	"github.com/sashabaranov/go-openai"

	"paperlab/system/paper"
)

// Prompt names the wording below. Change the name with the wording: summaries
// are stored under it.
const Prompt = "v1"

const instruction = "You summarize scientific papers for curious readers. " +
	"Answer with two or three plain sentences: what was asked, what was found, why it matters. " +
	"Use only what the abstract says."

// longestAbstract is far above what arXiv allows (1,920 characters) and keeps a
// broken record from filling a model's context.
const longestAbstract = 8000

// answerTokens is room for the two or three sentences that are asked for.
const answerTokens = 200

// textOf is the summary in an answer to a request; an answer without one is an
// error.
func textOf(answer openai.ChatCompletionResponse) (string, error) {
	if len(answer.Choices) == 0 {
		return "", errors.New("the answer has no choices")
	}
	text := strings.TrimSpace(answer.Choices[0].Message.Content)
	if text == "" {
		return "", errors.New("the answer is empty")
	}
	return text, nil
}

// request asks a model for a summary of the paper. The question's first line
// names the version: stand-ins read it, and a provider's log can be read against
// ours.
func request(model string, p paper.Paper) openai.ChatCompletionRequest {
	abstract := p.Abstract
	if len(abstract) > longestAbstract {
		abstract = strings.ToValidUTF8(abstract[:longestAbstract], "")
	}
	if abstract == "" {
		abstract = "(none was given)"
	}
	question := "arXiv:" + p.VersionID() + "\n" +
		"Title: " + p.Title + "\n" +
		"Categories: " + strings.Join(p.Categories, ", ") + "\n" +
		"Abstract: " + abstract
	//lint:ignore SA1019 Ollama's compatible API documents max_tokens and not its successor.
	return openai.ChatCompletionRequest{Model: model, MaxTokens: answerTokens, Messages: []openai.ChatCompletionMessage{
		{Role: openai.ChatMessageRoleSystem, Content: instruction},
		{Role: openai.ChatMessageRoleUser, Content: question},
	}}
}
