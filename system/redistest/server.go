package redistest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"paperlab/system/cluster"
)

// server is a redis-server that dies with this process.
type server struct {
	cmd *exec.Cmd
	log string
	// done is closed when it has ended.
	done chan struct{}
}

// program is the redis-server to test with.
func program() (string, error) {
	binary := os.Getenv("REDIS_SERVER")
	if binary == "" {
		binary = "redis-server"
	}
	path, err := exec.LookPath(binary)
	if err != nil {
		return "", fmt.Errorf("%s was not found: install Redis 7.0 or newer or name the binary in REDIS_SERVER: %w", binary, err)
	}
	return path, nil
}

func launch(folder, program string, args []string) (*server, error) {
	s := &server{cmd: exec.Command(program, args...), log: filepath.Join(folder, "redis.log"), done: make(chan struct{})}
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = folder, log, log
	s.cmd.SysProcAttr = dieWithParent()
	started := make(chan error)
	// The kernel kills the server when the thread that started it ends, not the
	// process.
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait() // the state says it all
			close(s.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	return s, nil
}

// Died implements cluster.Process.
func (s *server) Died() error {
	select {
	case <-s.done:
		log, _ := os.ReadFile(s.log)
		return fmt.Errorf("redis-server ended with %s\n%s", s.cmd.ProcessState, log)
	default:
		return nil
	}
}

// Kill implements cluster.Process.
func (s *server) Kill() error {
	_ = s.cmd.Process.Kill() // or it has ended
	<-s.done
	return nil
}

// launcher keeps the nodes' data in a folder of its own.
type launcher struct{ root string }

func (l launcher) Folder(node string) (path string, remove func() error, err error) {
	path = filepath.Join(l.root, node)
	return path, func() error { return os.RemoveAll(path) }, os.Mkdir(path, 0o700)
}

func (launcher) Launch(_, folder, program string, args []string) (cluster.Process, error) {
	s, err := launch(folder, program, args)
	if err != nil {
		return nil, err
	}
	return s, nil
}
