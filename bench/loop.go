package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"

	"enrich/contact"
)

// loop is the bare loop: goroutines post prepared bodies and discard the answers, as a load generator does.
func loop(url, input, goroutines string) error {
	n, err := strconv.Atoi(goroutines)
	if err != nil {
		return err
	}
	bodies, err := bodiesOf(input)
	if err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = n
	client := &http.Client{Transport: transport}
	next := make(chan []byte, n)
	failed := make(chan error, n)
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			for body := range next {
				if err := post(client, url+"/contact", body); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	for _, body := range bodies {
		next <- body
	}
	close(next)
	workers.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func post(client *http.Client, url string, body []byte) error {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer bench")
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

// bodiesOf returns the bodies that enrich sends for the same file.
func bodiesOf(input string) ([][]byte, error) {
	contacts, err := contactsOf(input)
	if err != nil {
		return nil, err
	}
	bodies := make([][]byte, len(contacts))
	for i := range contacts {
		bodies[i] = contacts[i].AppendJSON(nil)
	}
	return bodies, nil
}

func contactsOf(input string) ([]contact.Contact, error) {
	f, err := os.Open(input)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	contacts := make([]contact.Contact, 0, len(rows))
	for _, row := range rows[1:] {
		contacts = append(contacts, contact.Contact{Email: row[1], FirstName: row[2], LastName: row[3], CompanyName: row[4]})
	}
	return contacts, nil
}
