package undo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const processKind = "process"

// markVariable is the environment variable by which a child can be found whose
// pid never reached the ledger.
const markVariable = "PAPERLAB_UNDO"

// killTimeout bounds the wait for a process to die of SIGKILL, which only one
// stuck in the kernel does not do at once.
const killTimeout = 5 * time.Second

type processData struct {
	// Pid is 0 in the intent, which is written before the start.
	Pid int `json:"pid,omitempty"`
	// Start tells the process from a later one with the same pid.
	Start string `json:"start,omitempty"`
	Mark  string `json:"mark"`
	Exe   string `json:"exe"`
}

// Process starts cmd in a process group of its own. Its undo is on disk
// before: SIGKILL for the whole group. It sets cmd.Env and
// cmd.SysProcAttr.Setpgid. The caller waits for cmd and then marks the entry
// done.
func (l *Ledger) Process(name string, cmd *exec.Cmd) (*Entry, error) {
	exe, err := filepath.EvalSymlinks(cmd.Path)
	if err != nil {
		return nil, fmt.Errorf("start %s from %s: %w", name, cmd.Path, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	data := processData{Mark: fmt.Sprintf("%s/%d", l.runID, l.next), Exe: exe}
	entry, err := l.add(processRecord(l.next, name, data))
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Environ(), markVariable+"="+data.Mark)
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	// The lock is held over the start, so that Close cannot run in between and
	// miss the child.
	if err := cmd.Start(); err != nil {
		l.done(entry.n)
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	data.Pid = cmd.Process.Pid
	data.Start, _, err = identify(data.Pid)
	if err == nil {
		r := processRecord(entry.n, name, data)
		l.open[entry.n] = r
		err = l.write(line{Record: r}, false)
	}
	if err != nil {
		_ = syscall.Kill(-data.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		l.done(entry.n)
		return nil, fmt.Errorf("write the pid of %s to the ledger, so it was killed: %w", name, err)
	}
	return entry, nil
}

func processRecord(n int, name string, data processData) Record {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("undo: process data of strings and numbers: %v", err))
	}
	return Record{N: n, Kind: processKind, What: fmt.Sprintf("process %s (%s)", name, filepath.Base(data.Exe)), Data: raw}
}

func undoProcess(ctx context.Context, root string, r Record) (string, error) {
	var data processData
	if err := json.Unmarshal(r.Data, &data); err != nil {
		return "", fmt.Errorf("process's data: %w", err)
	}
	did := ""
	if data.Pid > 0 && alive(data.Pid, data.Start) {
		if err := kill(ctx, -data.Pid, data.Pid, data.Start); err != nil {
			return "", err
		}
		did = fmt.Sprintf("killed %s, pid %d", r.What, data.Pid)
	}
	// What carries the mark is the child of an intent without a pid, or a
	// child that outlived its group's leader. A bare kill of the group would
	// not do for the latter: with the leader gone its number may be another's.
	strays, searched := findMarked(root, data)
	for _, pid := range strays {
		start, _, err := identify(pid)
		if err != nil {
			continue
		}
		if err := kill(ctx, pid, pid, start); err != nil {
			return did, err
		}
		did = fmt.Sprintf("killed %s, pid %d, found by its mark", r.What, pid)
	}
	if data.Pid == 0 && !searched {
		did = fmt.Sprintf("%s may or may not have been started and could not be looked for: end it yourself if it runs", r.What)
	}
	return did, nil
}

// kill sends SIGKILL to target (a pid, or minus a group) and waits until the
// process itself is dead.
func kill(ctx context.Context, target, pid int, start string) error {
	if err := syscall.Kill(target, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill pid %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for alive(pid, start) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("pid %d was sent SIGKILL and is not dead: %w", pid, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

// alive tells whether the process that began at start still runs. A zombie
// does not: it waits for its parent, who may never come.
func alive(pid int, start string) bool {
	now, zombie, err := identify(pid)
	return err == nil && !zombie && now == start
}

const folderKind = "folder"

// folderData names the folder relative to the run's root, so that no ledger,
// damaged or forged, can name a place outside.
type folderData struct {
	Path string `json:"path"`
}

// Folder makes a folder beneath the run's root and returns its path. The
// entry's undo removes it with all that it holds.
func (l *Ledger) Folder(name string) (string, *Entry, error) {
	if !filepath.IsLocal(name) || filepath.Clean(name) == "." {
		return "", nil, fmt.Errorf("folder %q: want a path beneath the run's folder", name)
	}
	entry, err := l.Add(folderKind, "folder "+name, folderData{Path: name})
	if err != nil {
		return "", nil, err
	}
	path := filepath.Join(l.root, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		entry.Done()
		return "", nil, fmt.Errorf("make folder %s: %w", path, err)
	}
	return path, entry, nil
}

// undoFolder works through os.Root: a symbolic link planted in the run's
// folder cannot lead it outside.
func undoFolder(_ context.Context, root string, r Record) (string, error) {
	var data folderData
	if err := json.Unmarshal(r.Data, &data); err != nil {
		return "", fmt.Errorf("folder's data: %w", err)
	}
	if !filepath.IsLocal(data.Path) || filepath.Clean(data.Path) == "." {
		return "", fmt.Errorf("the ledger names %q, which is not beneath %s: left alone", data.Path, root)
	}
	beneath, err := os.OpenRoot(root)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return "", nil
		}
		return "", err
	}
	defer beneath.Close()
	if _, err := beneath.Lstat(data.Path); errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err := beneath.RemoveAll(data.Path); err != nil {
		return "", err
	}
	return "removed folder " + data.Path, nil
}
