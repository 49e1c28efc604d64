package api

import "net/http"

func (s *Server) segmentRoutes(*http.ServeMux) {}
