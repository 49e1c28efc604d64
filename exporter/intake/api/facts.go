package api

import "net/http"

// facts takes rows of a fact table.
func (s *Server) facts(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, http.StatusNotImplemented, "to do")
}
