package main

import (
	"context"
	"encoding/json"
	"fmt"

	"cskpi/exporter/intake"
)

type eraseCmd struct {
	Account eraseAccountCmd `cmd:"" help:"Erase an account with all facts about it."`
	User    eraseUserCmd    `cmd:"" help:"Erase a user with the facts about them, in whatever account."`
}

type eraseAccountCmd struct {
	ID string `arg:"" name:"id" help:"Account, as in accounts.account_id."`
}

type eraseUserCmd struct {
	ID string `arg:"" name:"id" help:"User, as the product knows them, also where their pseudonym is stored."`
}

const eraseHelp = "Facts and what is made of them are gone when the command ends; the receipt, which names nobody, is printed as JSON and stored in the table erasures. " +
	"KPIs of past days may change from kpis_change_on on. Facts that are sent again afterwards are stored again: stop who sends them first. " +
	"An erasure that was interrupted is completed by the same command."

// Help is the longer text of cskpi erase account --help.
func (eraseAccountCmd) Help() string { return eraseHelp }

// Help is the longer text of cskpi erase user --help.
func (eraseUserCmd) Help() string { return eraseHelp }

// Run erases an account.
func (c *eraseAccountCmd) Run(ctx context.Context, a *app) error {
	return a.erase(ctx, intake.What{Account: c.ID})
}

// Run erases a user.
func (c *eraseUserCmd) Run(ctx context.Context, a *app) error {
	return a.erase(ctx, intake.What{User: c.ID})
}

func (a *app) erase(ctx context.Context, what intake.What) error {
	if what.Account == "" && what.User == "" {
		return usage("the id is empty; nothing in particular cannot be erased")
	}
	d, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	what.UserKey, what.Receipts = []byte(a.Config.UserIDKey), a.KeepReceipts()
	receipt, err := intake.Erase(ctx, d.Conn, what)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(receipt, "", "  ")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(a.out, "%s\n", text); err != nil {
		return err
	}
	_, err = a.rollUp(ctx, d)
	return err
}
