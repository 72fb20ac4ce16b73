module example.test/barge/encoders/go-stdlib

go 1.19
