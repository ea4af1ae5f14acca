-- wrk: every request posts 1 MB.
wrk.method = 'POST'
wrk.body = string.rep('x', 1048576)
