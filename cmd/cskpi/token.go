package main

import (
	"fmt"

	"cskpi/exporter/intake/api"
)

type tokenCmd struct {
	New tokenNewCmd `cmd:"" help:"Make a token for a caller that sends facts."`
}

type tokenNewCmd struct {
	Name   string   `required:"" placeholder:"NAME" help:"Name of the caller, as the log has it."`
	Tables []string `placeholder:"TABLE" help:"Tables that it may read or write; * stands for all."`
	Rights []string `enum:"read,write,erase" default:"write" help:"What it may do: write rows, read what a table looks like and how far it is stored, erase accounts and users [${default}]."`
	Source string   `placeholder:"NAME" help:"The one source whose facts it may write; any if not given."`
	Rate   float64  `placeholder:"ROWS" help:"Rows that it may send in a second; any number if not given."`
	Burst  int      `placeholder:"ROWS" help:"Rows that it may send at once; by default those of ten seconds."`
}

// Help is the longer text of cskpi token new --help.
func (tokenNewCmd) Help() string {
	return "Prints an entry for the file that CSKPI_INTAKE_TOKENS names, or for tokens.yaml in the data folder. Append it: cskpi token new … >> tokens.yaml. " +
		"The entry holds only a hash. The token itself is printed once, to standard error. A running serve reads a changed file within a second."
}

// Run prints a token and its element.
func (c *tokenNewCmd) Run(a *app) error {
	token, element, err := api.NewToken(api.TokenOptions{Name: c.Name, Tables: c.Tables, Rights: c.Rights, Source: c.Source, Rate: c.Rate, Burst: c.Burst})
	if err != nil {
		return usageError{err}
	}
	fmt.Fprintf(a.err, "token of %s, shown only now: %s\n", c.Name, token)
	_, err = fmt.Fprint(a.out, element)
	return err
}
