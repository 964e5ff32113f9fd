import ControlProtocol
import SupervisorCore

/// Tasks for pools.
extension Daemon {
    func call(_ query: PoolQuery, _ peer: Peer, _ token: RequestToken) throws(ControlError) {
        try permit(peer, .call, [query.pool])
        let id = requests.open(.call, token: token)
        switch query.wait {
        case .untilDone(let timeout):
            let call = PoolCall(
                pool: query.pool, task: query.task, key: query.key, timeout: timeout,
                waitsForRoom: query.waitsForRoom)
            deliver(.request(id, .call(call)))
        case .no:
            var submission = TaskSubmission(work: .json(String(decoding: query.task, as: UTF8.self)))
            submission.key = query.key
            submission.submitter = Submitter(user: peer.user)
            deliver(.request(id, .submit(queue: query.pool, submission, waitForRoom: query.waitsForRoom)))
        }
    }
}
