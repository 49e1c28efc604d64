package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"cskpi/exporter/gate"
)

type healthCmd struct {
	Ready bool `help:"Ask whether KPIs are served, for which the database must have answered."`
}

// Help is the longer text of cskpi healthcheck --help.
func (healthCmd) Help() string {
	return "The exit code is 0 if something answers at CSKPI_LISTEN, whether or not the database does, which a restart would not bring back. " +
		"A container needs no shell for it."
}

// Run asks and waits a few seconds for the answer.
func (c *healthCmd) Run(ctx context.Context, a *app) error {
	address, err := net.ResolveTCPAddr("tcp", a.Config.Listen)
	if err != nil {
		return fmt.Errorf("CSKPI_LISTEN: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	path := "/-/healthy"
	if c.Ready {
		path = "/-/ready"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, gate.URL(address.String(), a.Config.WebConfigFile)+path, nil)
	if err != nil {
		return err
	}
	// The certificate is for the name by which others come.
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	// With passwords in CSKPI_WEB_CONFIG_FILE being asked for one is a sign of life as well.
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("%s answers %s", request.URL, response.Status)
	}
	_, err = fmt.Fprintln(a.out, "healthy")
	return err
}
