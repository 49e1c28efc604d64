package api

import (
	"context"
	"net/http"
	"time"

	"cskpi/exporter/intake"
)

// Eraser is a Store that can erase, as intake.Writer can.
type Eraser interface {
	// Erase returns when nothing is left of what it was asked to erase.
	Erase(ctx context.Context, what intake.What) (intake.Receipt, error)
}

// eraseWait is how long an erasure may take: it waits for a roll-up of usage, and writes the files anew that hold the rows.
const eraseWait = 15 * time.Minute

func (s *Server) eraseRoutes(mux *http.ServeMux) {
	mux.HandleFunc("DELETE /v1/accounts/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.erase(w, r, intake.What{Account: r.PathValue("id")})
	})
	mux.HandleFunc("DELETE /v1/users/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.erase(w, r, intake.What{User: r.PathValue("id")})
	})
}

// erase answers with the receipt, also where there was nothing to erase.
func (s *Server) erase(w http.ResponseWriter, r *http.Request, what intake.What) {
	who, ok := s.who(w, r)
	if !ok {
		return
	}
	if !who.mayErase() {
		s.fail(w, r, http.StatusForbidden, "this token may not erase")
		return
	}
	if who.Source != "" {
		s.fail(w, r, http.StatusForbidden, "this token is for the facts of %s, and what is erased is erased from those of all sources", who.Source)
		return
	}
	db := s.db.Load()
	if db == nil {
		s.refuse(w, r, errNotReady)
		return
	}
	eraser, ok := (*db).(Eraser)
	if !ok {
		s.fail(w, r, http.StatusNotImplemented, "nothing can be erased here")
		return
	}
	if !s.work(w, r) {
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(eraseWait)) // a recorder of a test has none
	// One who hangs up has asked for it nevertheless.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), eraseWait)
	defer cancel()
	receipt, err := eraser.Erase(ctx, what)
	if err != nil {
		// What the database says may quote the id: it is for the log.
		s.o.Log.Error("intake: not all is erased; the caller is told to ask again", "request_id", about(r).id, "err", err)
		s.later(w, r, http.StatusServiceUnavailable, 5*time.Second, "not all is erased yet; ask again, and it goes on")
		return
	}
	s.o.Log.Info("intake: erased", "request_id", about(r).id, "erasure_id", receipt.ID, "what", receipt.Erased)
	s.reply(w, r, http.StatusOK, receipt)
}
