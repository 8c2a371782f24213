// Package connect is the data path of Service Connect: what Envoy is beside a
// task on AWS. A Proxy accepts what a task sends to the names of its
// namespace, chooses one of the tasks that answer for the name, and carries
// the bytes. It is fed a Table by changes, is handed its listeners and its way
// to dial, and knows nobody.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html#service-connect-concepts-proxy
package connect
