package api

import "net/http"

func (s *Server) cloudEventRoutes(*http.ServeMux) {}
