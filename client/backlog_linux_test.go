package client

import (
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"
)

// A host that does not answer: the system drops what asks a full listener for a connection.
func TestAStopEndsACallToAHostThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
	for {
		c, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			break // it is full
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	reached := make(chan struct{}, 1)
	time.AfterFunc(100*time.Millisecond, func() { reached <- struct{}{} })
	checkStopped(t, stall{Options{URL: "https://" + address}, &rawServer{}, reached})
}
