package llm

import "strings"

// Conceal keeps the provider's key out of an error: some servers quote in their
// answer what they were given, and errors go to logs and dead letters.
func (p Provider) Conceal(err error) error {
	if err == nil || p.Key == "" || !strings.Contains(err.Error(), p.Key) {
		return err
	}
	return concealed{err, p.Key}
}

type concealed struct {
	error
	key string
}

func (c concealed) Error() string { return strings.ReplaceAll(c.error.Error(), c.key, "[API key]") }
func (c concealed) Unwrap() error { return c.error }
