module example.test/barge/encoders/pgzip

go 1.19

require github.com/klauspost/pgzip v1.2.6
