module github.com/sallyport-go/sallyport/session/redisstore

go 1.26.0

replace github.com/sallyport-go/sallyport => ../../

require (
	github.com/redis/go-redis/v9 v9.23.0
	github.com/sallyport-go/sallyport v0.1.0
)

require (
	github.com/go-jose/go-jose/v4 v4.1.9 // indirect
	github.com/yuin/gopher-lua v1.1.1 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

require (
	github.com/alicebob/miniredis/v2 v2.40.0
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/gorilla/securecookie v1.1.2 // indirect
	github.com/gorilla/sessions v1.4.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
)
