package localpg

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"time"
)

// Names of the files of a server with TLS, in its folder.
const (
	authorityFile   = "authority.pem"
	certificateFile = "certificate.pem"
	keyFile         = "key.pem"
)

var tlsSettings = map[string]string{"ssl": "on", "ssl_cert_file": "../" + certificateFile, "ssl_key_file": "../" + keyFile}

// AuthorityFile returns the file with the certificate of the authority that signed the server's: sslrootcert. Only a server with
// [Options.TLS] has it.
func (s *Server) AuthorityFile() string { return s.dir.Path(authorityFile) }

// TLSURL returns the URL of a database for the superuser with sslmode=verify-full. The server's certificate is for 127.0.0.1 and
// localhost.
func (s *Server) TLSURL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(Superuser), Host: s.Addr(), Path: "/" + database,
		RawQuery: url.Values{"sslmode": {"verify-full"}, "sslrootcert": {s.AuthorityFile()}}.Encode(),
	}
	return u.String()
}

// makeCertificates makes an authority, which signs one certificate and is not needed again.
func (s *Server) makeCertificates() error {
	authority := &x509.Certificate{Subject: pkix.Name{CommonName: "authority of one PostgreSQL"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if err := s.writeCertificate(authorityFile, authority, authority, &authorityKey.PublicKey, authorityKey); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate := &x509.Certificate{
		Subject: pkix.Name{CommonName: "PostgreSQL"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if err := s.writeCertificate(certificateFile, certificate, authority, &key.PublicKey, authorityKey); err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return s.writePEM(keyFile, "PRIVATE KEY", der)
}

// writeCertificate signs and writes a certificate.
func (s *Server) writeCertificate(file string, c, parent *x509.Certificate, public *ecdsa.PublicKey, signer *ecdsa.PrivateKey) error {
	c.BasicConstraintsValid = true
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore, c.NotAfter = time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour) // for tests that move the clock
	der, err := x509.CreateCertificate(rand.Reader, c, parent, public, signer)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	return s.writePEM(file, "CERTIFICATE", der)
}

func (s *Server) writePEM(file, kind string, der []byte) error {
	_, err := s.dir.Write(file, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
	return err
}
