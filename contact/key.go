package contact

import (
	"crypto/sha256"
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
}

// NewIdentity takes the normalised base URL ([NormalURL]) and the constant fields of every request, in a fixed order and encoding
// (empty if there are none).
func NewIdentity(baseURL string, constants []byte) Identity {
	request := append([]byte("enrich/1 request\x00"+baseURL+"\x00"), constants...)
	return Identity{
		request: append(request, 0),
		email:   []byte("enrich/1 email\x00" + baseURL + "\x00"),
	}
}

// ByRequest returns an identity that leaves [Keys.Email] zero, which saves a hash.
func (id Identity) ByRequest() Identity { return Identity{request: id.request} }

// Keys returns both keys of a contact.
//
// Each value is normalised (trimmed, inner white space collapsed, Unicode NFC, case folded; a domain without scheme, www. and
// trailing dot; a LinkedIn URL as its path, see [LinkedInPath]), so that "Ann@X.com" and "ann@x.com " are one contact.
func (id Identity) Keys(c Contact) Keys {
	buf := make([]byte, 0, 512)
	buf = append(buf, id.request...)
	from := len(buf)
	buf = appendNormal(buf, c.Email)
	email := len(buf)
	for _, v := range [...]string{
		c.FirstName, c.LastName, c.CompanyName, BareHost(c.CompanyDomain), LinkedInPath(c.LinkedInURL),
	} {
		buf = appendNormal(append(buf, 0), v)
	}
	keys := Keys{Request: sum(append(buf, 0))}
	if id.email == nil {
		return keys
	}
	keys.Email = keys.Request
	if email > from {
		address := append(append(make([]byte, 0, 256), id.email...), buf[from:email]...)
		keys.Email = sum(address)
	}
	return keys
}

func sum(b []byte) Key {
	h := sha256.Sum256(b)
	return Key(h[:16])
}
