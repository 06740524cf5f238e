package hook

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// connection sends messages over one TCP connection. It writes requests itself: the generator shares the machine with the server, and
// what it takes less the server has more.
type connection struct {
	address, path string
	conn          net.Conn
	answers       *bufio.Reader
	head          []byte
}

// answerWithin is how long GitHub waits for an answer to a webhook.
const answerWithin = 10 * time.Second

// send sends one message and gives the status of its answer. After an error the next call makes a new connection.
func (c *connection) send(m Message, delivery string) (status int, err error) {
	if c.conn == nil {
		if c.conn, err = net.DialTimeout("tcp", c.address, answerWithin); err != nil {
			return 0, fmt.Errorf("connecting: %w", err)
		}
		c.answers = bufio.NewReaderSize(c.conn, 4<<10)
	}
	if status, err = c.exchange(m, delivery); err != nil {
		c.close()
	}
	return status, err
}

func (c *connection) exchange(m Message, delivery string) (int, error) {
	if err := c.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return 0, err
	}
	c.head = fmt.Appendf(c.head[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: GitHub-Hookshot/bench\r\nAccept: */*\r\n"+
		"Content-Type: application/json\r\nX-GitHub-Event: %s\r\nX-GitHub-Delivery: %s\r\nX-GitHub-Hook-ID: 1\r\n"+
		"X-GitHub-Hook-Installation-Target-ID: 1\r\nX-GitHub-Hook-Installation-Target-Type: integration\r\n"+
		"X-Hub-Signature-256: %s\r\n%sContent-Length: %d\r\n\r\n", c.path, c.address, m.Event, delivery, m.Signature, m.Header, len(m.Body))
	parts := net.Buffers{c.head, m.Body} // one system call, and no copy of the body
	if _, err := parts.WriteTo(c.conn); err != nil {
		return 0, fmt.Errorf("sending: %w", err)
	}
	answer, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return 0, fmt.Errorf("reading the answer: %w", err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, fmt.Errorf("reading the answer: %w", err)
	}
	if answer.Close {
		c.close()
	}
	return answer.StatusCode, nil
}

func (c *connection) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
