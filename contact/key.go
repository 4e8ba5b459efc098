package contact

import (
	"crypto/sha256"
	"hash"
	"sync"
)

// A Key identifies a contact: the first 128 bits of a SHA-256. The zero Key is none.
type Key [16]byte

// Keys are the two identities of a contact.
type Keys struct {
	// Request identifies the whole request: the API, all fields and all constants.
	Request Key
	// Email identifies the API and the address alone. It is Request if the contact has no address.
	Email Key
}

// By returns the key that identifies a contact in a ledger: by its address (--same-by email), or else by its request.
func (k Keys) By(email bool) Key {
	if email {
		return k.Email
	}
	return k.Request
}

// An Identity makes keys: two contacts have the same key if they would send the same request to the same API. It is made by
// [NewIdentity] and safe for concurrent use.
type Identity struct {
	request, email []byte // the beginning of what is hashed
	hashers        *sync.Pool
}

// A hasher is memory for one hash. [sha256.Sum256] allocates it each time in a program that is compiled with a profile.
type hasher struct {
	hash hash.Hash
	text []byte
	sum  [sha256.Size]byte
}

// key hashes a text.
func (h *hasher) key(text []byte) Key {
	h.hash.Reset()
	h.hash.Write(text)
	return Key(h.hash.Sum(h.sum[:0])[:len(Key{})])
}

// NewIdentity takes the normalised base URL ([NormalURL]) and the constant fields of every request, in a fixed order and encoding
// (empty if there are none).
func NewIdentity(baseURL string, constants []byte) Identity {
	request := append([]byte("enrich/1 request\x00"+baseURL+"\x00"), constants...)
	return Identity{
		request: append(request, 0),
		email:   []byte("enrich/1 email\x00" + baseURL + "\x00"),
		hashers: &sync.Pool{New: func() any { return &hasher{hash: sha256.New()} }},
	}
}

// ByRequest returns an identity that leaves [Keys.Email] zero, which saves a hash.
func (id Identity) ByRequest() Identity { return Identity{request: id.request, hashers: id.hashers} }

// Keys returns both keys of a contact.
//
// Each value is normalised (trimmed, inner white space collapsed, Unicode NFC, case folded; a domain without scheme, www. and
// trailing dot; a LinkedIn URL as its path, see [LinkedInPath]), so that "Ann@X.com" and "ann@x.com " are one contact.
func (id Identity) Keys(c Contact) Keys {
	h := id.hashers.Get().(*hasher)
	defer id.hashers.Put(h)
	text := append(h.text[:0], id.request...)
	from := len(text)
	text = appendNormal(text, c.Email)
	email := len(text)
	for _, v := range [...]string{
		c.FirstName, c.LastName, c.CompanyName, BareHost(c.CompanyDomain), LinkedInPath(c.LinkedInURL),
	} {
		text = appendNormal(append(text, 0), v)
	}
	text = append(text, 0)
	keys := Keys{Request: h.key(text)}
	switch {
	case id.email == nil:
	case email == from:
		keys.Email = keys.Request
	default:
		end := len(text)
		text = append(append(text, id.email...), text[from:email]...)
		keys.Email = h.key(text[end:])
	}
	h.text = text
	return keys
}
